package views

var settingViews = [...]view{}
